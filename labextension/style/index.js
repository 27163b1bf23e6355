import './base.css';
import './graph.css';
import './steps.css';
import './pipeline.css';
import './dialogs.css';
import './inspector.css';
